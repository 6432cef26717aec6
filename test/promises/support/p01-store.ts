import { type Commit, type CommitResult, MemoryStore } from "@countersign/runtime";

/** A store in which something may happen around a commit, as it may around any transaction of a database. */
export class WatchedStore extends MemoryStore {
  /** Once, before the next commit is made. */
  beforeNext: (() => Promise<void>) | undefined;
  /** Once, between the next commit that has this in its outbox and whatever its caller does about it. */
  afterRecord: { readonly type: string; readonly run: () => Promise<void> } | undefined;

  override async commit(commit: Commit): Promise<CommitResult> {
    const before = this.beforeNext;
    this.beforeNext = undefined;
    await before?.();
    const result = await super.commit(commit);
    const after = this.afterRecord;
    if (after !== undefined && commit.outbox.some(({ bytes }) => Buffer.from(bytes).includes(after.type))) {
      this.afterRecord = undefined;
      await after.run();
    }
    return result;
  }
}
