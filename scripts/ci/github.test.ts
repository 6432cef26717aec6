import { expect, test } from "vitest";
import { openGithub } from "./github.ts";

const asked: { method: string; path: string; body: unknown }[] = [];

function answering(status: number, body: unknown) {
  asked.length = 0;
  return openGithub({
    token: "t",
    url: "http://github",
    repository: "example/countersign",
    fetch: async (url, init) => {
      const { method = "", body: sent } = init ?? {};
      asked.push({ method, path: new URL(String(url)).pathname, body: sent && JSON.parse(String(sent)) });
      return Response.json(body, { status });
    },
  });
}

const change = {
  branch: "main",
  head: "abc",
  message: "dev: images of abc",
  additions: [{ path: "a", contents: "YQ==" }],
};

test("a commit is asked for on top of the commit that was seen", async () => {
  const github = answering(200, { data: { createCommitOnBranch: { commit: { oid: "def" } } } });
  expect(await github.commit(change)).toBe("def");
  expect(asked).toMatchObject([
    {
      method: "POST",
      path: "/graphql",
      body: {
        variables: {
          input: {
            branch: { repositoryNameWithOwner: "example/countersign", branchName: "main" },
            expectedHeadOid: "abc",
            fileChanges: { additions: change.additions },
          },
        },
      },
    },
  ]);
});

test("a branch that has moved on is an error, although the answer is 200", async () => {
  const github = answering(200, { data: null, errors: [{ message: "Expected branch to point to abc" }] });
  await expect(github.commit(change)).rejects.toThrow("Expected branch to point to abc");
});

test("a branch that is not there is none, and a refusal is an error", async () => {
  expect(await answering(404, {}).branch("promote/prod")).toBeUndefined();
  await expect(answering(403, { message: "no" }).branch("promote/prod")).rejects.toThrow("403");
});

test("a request to merge that is refused is an error", async () => {
  const what = { branch: "promote/prod", base: "main", title: "prod" };
  await expect(answering(422, { message: "exists" }).openPullRequest(what)).rejects.toThrow("422");
  expect(await answering(201, { html_url: "http://pr/1" }).openPullRequest(what)).toBe("http://pr/1");
});
