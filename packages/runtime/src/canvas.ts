/**
 * An agent's one-page contract (the requirement's canvas template), as typed data. It is what the agent *asks* for: `npm run authority`
 * joins all canvases with the topic catalogue into authority.json, which is reviewed, and from which its keys' rights are granted.
 */
export interface Canvas {
  /** Also its sender name, its store's schema and its consumer group. */
  readonly agent: string;
  readonly mission: string;
  readonly observes: readonly Observes[];
  readonly publishes: readonly Publishes[];
  /** Calls it makes, and calls it serves: Service.Method. */
  readonly calls: readonly string[];
  readonly serves: readonly string[];
  readonly beliefs: string;
  readonly policy: string;
  readonly slos: readonly Slo[];
  readonly failover: string;
}

export interface Observes {
  readonly topic: string;
  /** `group`: shared by the replicas of this agent. `every`: read whole by each of them. */
  readonly as: "group" | "every";
  /**
   * How long what comes from it may wait to be decided upon, in processes, ms; 0 unless said. What waits goes into one transaction with
   * whatever comes meanwhile, and before anything that may not wait: a decision is never made on less than what has arrived.
   */
  readonly mayWaitMs?: number;
  /**
   * It is written down and not acted upon: how old it is and how much of it comes, which protect whoever acts, keep nothing off the
   * record. A command that came too late for its addressee was said all the same.
   */
  readonly isRecorded?: boolean;
}

export interface Publishes {
  readonly topic: string;
  readonly types: readonly string[];
}

export interface Slo {
  readonly name: string;
  /** For people. */
  readonly target: string;
  /** The part of it that every process measures of itself: its alert is made from this. */
  readonly objective?: Objective;
}

/** Of all events, or of all scrapes of a gauge, this share is good. */
export type Objective = DurationObjective | LevelObjective;

/** Good is what took no longer: read off a bound of the histogram, exactly. */
interface DurationObjective {
  readonly metric: "countersign_work_seconds" | "countersign_step_seconds";
  readonly labels: Readonly<Record<string, string>>;
  readonly withinSeconds: number;
  readonly ratio: number;
}

/** Good is a scrape that shows no more, or no less. */
interface LevelObjective {
  readonly metric: string;
  /** Who shows it, where it is not the agent itself: the age of a checkpoint is what its reader sees. */
  readonly at?: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly ratio: number;
}
