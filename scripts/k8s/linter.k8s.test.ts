import { expect, it } from "vitest";
import { lint } from "./linter.ts";

const pod = (securityContext: object) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "policy" },
  spec: {
    selector: { matchLabels: { app: "policy" } },
    template: {
      metadata: { labels: { app: "policy" } },
      spec: {
        containers: [
          {
            name: "policy",
            image: "localhost/policy:1",
            securityContext,
            resources: { requests: { cpu: "1m", memory: "1Mi" }, limits: { cpu: "1", memory: "1Mi" } },
          },
        ],
      },
    },
  },
});
const rendered = (object: ReturnType<typeof pod>) => [{ name: "chart/test", manifests: [{ object }] }];

it("says by which check, and of what, and nothing of what is well", async () => {
  const restricted = { runAsNonRoot: true, readOnlyRootFilesystem: true };
  expect((await lint(rendered(pod(restricted)))).problems).toEqual([]);
  expect((await lint(rendered(pod({ ...restricted, readOnlyRootFilesystem: false })))).problems).toEqual([
    expect.stringMatching(/^chart\/test: Deployment\/policy: .*\(no-read-only-root-fs\)$/),
  ]);
});
