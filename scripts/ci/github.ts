/** The four calls of GitHub's API that a promotion takes. */
export interface Github {
  /** The commit that a branch is at; undefined where there is none. */
  branch(name: string): Promise<string | undefined>;
  makeBranch(name: string, at: string): Promise<void>;
  /** @throws Error when the branch is no longer at `head`: somebody was faster, and has to be looked at */
  commit(what: NewCommit): Promise<string>;
  /** Answers its address. */
  openPullRequest(what: { readonly branch: string; readonly base: string; readonly title: string }): Promise<string>;
}

interface NewCommit {
  readonly branch: string;
  readonly head: string;
  readonly message: string;
  /** Contents in base64. */
  readonly additions: readonly { readonly path: string; readonly contents: string }[];
}

export interface GithubOptions {
  readonly token: string;
  readonly url: string;
  /** owner/name */
  readonly repository: string;
  readonly fetch?: typeof fetch;
}

const TIMEOUT_MS = 30_000;
const COMMIT = `mutation ($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }`;

export function openGithub({ token, url, repository, fetch: send = fetch }: GithubOptions): Github {
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await send(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, accept: "application/vnd.github+json" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text };
  };
  const insist = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const { status, text } = await call(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text.slice(0, 500)}`);
    return JSON.parse(text);
  };
  return {
    async branch(name) {
      const { status, text } = await call("GET", `/repos/${repository}/git/ref/heads/${name}`);
      if (status === 404) return undefined;
      if (status >= 300) throw new Error(`branch ${name}: ${status} ${text.slice(0, 500)}`);
      return (JSON.parse(text) as { readonly object: { readonly sha: string } }).object.sha;
    },
    async makeBranch(name, at) {
      await insist("POST", `/repos/${repository}/git/refs`, { ref: `refs/heads/${name}`, sha: at });
    },
    async commit({ branch, head, message, additions }) {
      const input = {
        branch: { repositoryNameWithOwner: repository, branchName: branch },
        expectedHeadOid: head,
        message: { headline: message },
        fileChanges: { additions },
      };
      const answer = (await insist("POST", "/graphql", { query: COMMIT, variables: { input } })) as CommitAnswer;
      const oid = answer.data?.createCommitOnBranch?.commit.oid;
      if (oid === undefined) throw new Error(`${branch}: ${answer.errors?.map((one) => one.message).join("; ")}`);
      return oid;
    },
    async openPullRequest({ branch, base, title }) {
      const body = `The gate has passed. Merging it deploys, outside the project's closed windows; closing it keeps what runs.`;
      const answer = await insist("POST", `/repos/${repository}/pulls`, { title, head: branch, base, body });
      return (answer as { readonly html_url: string }).html_url;
    },
  };
}

interface CommitAnswer {
  readonly data?: { readonly createCommitOnBranch?: { readonly commit: { readonly oid: string } } };
  /** GraphQL answers 200 to what it refuses. */
  readonly errors?: readonly { readonly message: string }[];
}
