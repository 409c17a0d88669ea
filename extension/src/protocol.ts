/** What the server's part says: the forms of its answers. Cells are 0-based positions in the notebook that was sent. */

/**
 * What a sentence was made of, so that it can be said in another language: its template, and what stands there for %1, %2, …,
 * each a text or a sentence. A text that is none of nb2pipe's own sentences has none.
 */
export type Said = [template: string, ...given: (string | Said)[]];

export interface IPlace {
  cell: number;
  line: number;
}

export interface IEvidence {
  name: string;
  write: IPlace;
  read: IPlace;
}

export interface IEdge {
  source: string;
  target: string;
  kind: 'data' | 'resource' | 'control';
  values: string[];
  resources: string[];
  evidence: IEvidence[];
}

export interface IStep {
  name: string;
  title: string;
  cells: number[];
  shared: number[];
  inputs: string[];
  outputs: string[];
  parameters: string[];
  producers: Record<string, string>;
  requirements: Record<string, unknown>;
}

export interface IParameter {
  name: string;
  type: string;
  default: unknown;
  text: string;
  help: string;
}

export type Fix =
  | { kind: 'rename-tag'; cell: number; old: string; new: string }
  | { kind: 'add-tag'; cell: number; tag: string }
  | { kind: 'move-cell'; cell: number; above: number }
  | { kind: 'insert-line'; cell: number; line: number; text: string }
  | {
      kind: 'make-parameter';
      cell: number;
      name: string;
      edits: { cell: number; old: string; new: string }[];
      added: { above: number; source: string } | null;
    };

export type Severity = 'error' | 'warning' | 'info';

export interface IFinding {
  code: string;
  severity: Severity;
  message: string;
  hint: string;
  why: string;
  cell: number | null;
  line: number | null;
  column: number | null;
  end_line: number;
  end_column: number;
  sites: { cell: number; line: number; column: number; label: string; said: Said | null }[];
  said: { message: Said | null; why: Said | null; hint: Said | null };
  fixes: Fix[];
}

export interface IAnalysis {
  name: string;
  parameters: IParameter[];
  steps: IStep[];
  edges: IEdge[];
  shared: number[];
  skipped: number[];
  joined: { steps: string[]; value: string; kind: string }[];
  ids: string[];
  roles: Record<string, string[]>;
  findings: IFinding[];
  /** What flows on edges and is no value of the notebook (`<ipython>`), in words. */
  words: Record<string, INote>;
}

export interface IFile {
  path: string;
  size: number;
  text: string | null;
}

export interface ICompiled {
  name: string;
  folder: string;
  summary: string;
  said: Said | null;
  written: boolean;
  version: {
    number: string;
    kind: string | null;
    since: string | null;
    changes: string[];
    said: (Said | null)[];
  };
  findings: IFinding[];
  files: IFile[];
}

export interface IReport {
  verdict: 'EQUAL' | 'DIFFERS' | 'UNKNOWN';
  differences: {
    step: string;
    name: string;
    where: string;
    expected: string;
    actual: string;
    said: { where: Said | null; expected: Said | null; actual: Said | null };
  }[];
  unknown: { step: string; name: string; reason: string; said: Said | null }[];
  compared: { values: number; outputs: number; figures: number };
  notes: string[];
  said: (Said | null)[];
}

export type StepStatus = 'ok' | 'failed' | 'died' | 'not run' | 'left out';

/** What the user should know of what was done, and what it was made of. */
export interface INote {
  text: string;
  said: Said | null;
}

/** `memory`, `taken`, `given` and `sizes` are bytes: of the process, of the values, of each by itself. */
export interface IOutcome {
  status: StepStatus;
  cached: boolean;
  detail: string;
  cell: number;
  seconds: number;
  reason: string;
  memory: number;
  taken: number;
  given: number;
  sizes: Record<string, number>;
  said: { detail: Said | null; reason: Said | null };
}

/** `run` is what the record is called; `said` is of the notes, in their order. */
export interface IRan {
  ok: boolean;
  run: string;
  interrupted: boolean;
  steps: Record<string, IOutcome>;
  notes: string[];
  said: (Said | null)[];
  failures: {
    step: string;
    cell: number;
    detail: string;
    said: Said | null;
    traceback: string[];
  }[];
  output: string | null;
}

export interface IVersions {
  name: string;
  versions: {
    version: string;
    kind: string;
    since: string | null;
    current: boolean;
    changes: string[];
    said: (Said | null)[];
  }[];
}

export interface IDifference {
  name: string;
  from: string;
  to: string;
  kind: string;
  changes: { kind: string; text: string; said: Said | null }[];
  code: { name: string; of: string; change: string; diff: string[] }[];
}

export interface IFailure {
  kind: 'refused' | 'usage' | 'failed' | 'cancelled' | 'fault' | 'stale';
  message: string;
  said?: Said;
  findings?: IFinding[];
}

export type JobKind = 'run' | 'sweep' | 'verify';

export interface IJob {
  id: string;
  what: JobKind;
  path: string;
  over: boolean;
}

export type JobEvent =
  | { event: 'steps'; steps: string[] }
  | { event: 'started'; step: string }
  | ({ event: 'ended'; step: string } & IOutcome)
  | ({ event: 'note' } & INote)
  | { event: 'text'; step: string; text: string }
  | ({ event: 'line' } & INote)
  | {
      event: 'combinations';
      count: number;
      at_once: number;
      why: string;
      said: Said | null;
    }
  | { event: 'answer'; answer: unknown }
  | { event: 'failure'; failure: IFailure };
