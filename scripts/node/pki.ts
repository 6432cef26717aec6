/** Who is who in the node: one authority, one certificate for each, made by openssl for thirty days. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { API_PORT, NODE, network, type Place } from "./place.ts";
import { program } from "./programs.ts";

interface Certificate {
  readonly file: string;
  /** Of RFC 4514, as openssl writes it: the name, and the groups Kubernetes reads out of it. */
  readonly subject: string;
  /** Subject alternative names; a server has them. */
  readonly names?: readonly string[];
}

const certificates: readonly Certificate[] = [
  {
    file: "apiserver",
    subject: "/CN=kube-apiserver",
    names: [
      ...["kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost"].map((name) => `DNS:${name}`),
      ...[network.services.api, network.node.address, "127.0.0.1"].map((address) => `IP:${address}`),
    ],
  },
  { file: "admin", subject: "/O=system:masters/CN=admin" },
  { file: "controller-manager", subject: "/CN=system:kube-controller-manager" },
  { file: "scheduler", subject: "/CN=system:kube-scheduler" },
  { file: "proxy", subject: "/CN=system:kube-proxy" },
  { file: "kubelet", subject: `/O=system:nodes/CN=system:node:${NODE}` },
  { file: "kubelet-server", subject: `/CN=${NODE}`, names: [`DNS:${NODE}`, `IP:${network.node.address}`] },
  { file: "front-proxy", subject: "/CN=front-proxy" },
];

export function makePki({ pki }: Place): void {
  mkdirSync(pki, { recursive: true, mode: 0o700 });
  const openssl = (...args: readonly string[]) => execFileSync(program("openssl"), args, { cwd: pki, stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl("req", "-x509", ...key, "-days", "30", "-subj", "/CN=node", "-keyout", "ca.key", "-out", "ca.crt");
  openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "service-accounts.key");
  for (const { file, subject, names } of certificates) {
    writeFileSync(join(pki, `${file}.ext`), extensions(names));
    openssl("req", "-new", ...key, "-subj", subject, "-keyout", `${file}.key`, "-out", `${file}.csr`);
    const signed = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30"];
    openssl("x509", "-req", "-in", `${file}.csr`, "-extfile", `${file}.ext`, ...signed, "-out", `${file}.crt`);
  }
}

/** How `who` reaches the API: from the node itself, or by the door from the host. */
export function kubeconfig({ pki }: Place, who: string, from: "node" | "host"): string {
  const file = (name: string) => join(pki, name);
  const server = from === "node" ? "https://127.0.0.1:6443" : `https://127.0.0.1:${API_PORT}`;
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "node", cluster: { server, "certificate-authority": file("ca.crt") } }],
    users: [{ name: who, user: { "client-certificate": file(`${who}.crt`), "client-key": file(`${who}.key`) } }],
    contexts: [{ name: "node", context: { cluster: "node", user: who } }],
    "current-context": "node",
  });
}

function extensions(names: readonly string[] | undefined): string {
  const usage = "extendedKeyUsage=clientAuth,serverAuth\n";
  return names === undefined ? usage : `${usage}subjectAltName=${names.join(",")}\n`;
}
