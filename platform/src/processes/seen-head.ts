/**
 * What a process has seen of the control log, over its restarts and those of its replicas. Whoever gives a new one an older log, from an etcd
 * that was put back, or by a validator that lies, is not believed: until the head is there again the fence is the one of birth, halted.
 */
import type { FenceReader, Head } from "@countersign/quorum";
import { emptyCommit, isTransient, type Store } from "@countersign/runtime";

const KEY = "control head";

/** Before anything is read. From then on each head is written down, soon after it was applied. */
export async function rememberHead(
  store: Store,
  fence: FenceReader,
  onBroken: (error: unknown) => void,
): Promise<void> {
  let { state, version } = await store.load(KEY);
  if (state !== undefined) fence.sawBefore(state as Head);
  let writing = Promise.resolve();
  const write = async () => {
    const { head } = fence;
    while (state === undefined || (state as Head).seq < head.seq) {
      const result = await store.commit({ ...emptyCommit, aggregate: { key: KEY, version, state: head } });
      if (result.kind === "committed") ({ state, version } = { state: head, version: result.version });
      else ({ state, version } = await store.load(KEY)); // a replica has written it
    }
  };
  fence.onChange(() => {
    writing = writing.then(write).catch((error: unknown) => {
      // The next entry writes it, too; until then it is this life alone that knows.
      if (!isTransient(error)) onBroken(error);
    });
  });
}
