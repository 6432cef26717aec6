/** Volumes of a node: folders, each for one claim at a time. Kubernetes provisions none locally, and gives none back by itself. */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { NODE, type Place, VOLUMES } from "./place.ts";
import { program } from "./programs.ts";

const CLASS = "standard";

export function volumeManifests({ volumes }: Place): unknown[] {
  const names = Array.from({ length: VOLUMES }, (_, n) => `volume-${n + 1}`);
  const standard = {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: CLASS, annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
    provisioner: "kubernetes.io/no-provisioner",
    volumeBindingMode: "WaitForFirstConsumer",
  };
  return [standard, ...names.map((name) => volume(volumes, name))];
}

/** One whose claim is gone is emptied and offered again. */
export function recycleVolumes({ inside, volumes }: Place): void {
  const kubectl = [`--kubeconfig=${inside}`];
  const phases = 'jsonpath={.metadata.name} {.status.phase}{"\\n"}';
  const watch = spawn(program("kubectl"), [...kubectl, "get", "pv", "--watch", "-o", phases], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  createInterface(watch.stdout).on("line", (line) => {
    const [name = "", phase] = line.split(" ");
    if (phase !== "Released") return;
    execFileSync(program("kubectl"), [...kubectl, "delete", "pv", name], { stdio: "inherit" });
    rmSync(join(volumes, name), { recursive: true });
    const input = JSON.stringify(volume(volumes, name));
    execFileSync(program("kubectl"), [...kubectl, "apply", "-f", "-"], {
      input,
      stdio: ["pipe", "inherit", "inherit"],
    });
  });
  watch.once("exit", () => setTimeout(() => recycleVolumes({ inside, volumes } as Place), 1_000));
}

function volume(dir: string, name: string): unknown {
  const path = join(dir, name);
  mkdirSync(path, { recursive: true });
  const here = { key: "kubernetes.io/hostname", operator: "In", values: [NODE] };
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name },
    spec: {
      storageClassName: CLASS,
      capacity: { storage: "100Gi" },
      accessModes: ["ReadWriteOnce"],
      persistentVolumeReclaimPolicy: "Retain",
      // Not hostPath: there a pod's fsGroup would not become the owner.
      local: { path },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [here] }] } },
    },
  };
}
