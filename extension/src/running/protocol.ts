/** What the server's part says of runs: the forms of its answers. */

import { Said } from '../protocol';

/** `depends`: it runs where what a step before it gives changes. */
export type Action = 'run' | 'cached' | 'depends';

export interface IPlan {
  steps: {
    step: string;
    action: Action;
    reason: string;
    said: Said | null;
    seconds: number | null;
  }[];
}

export interface ISweepPlan {
  count: number;
  at_once: number;
  why: string;
  said: Said | null;
  steps: { step: string; runs: number; reason: string; said: Said | null }[];
}

export type RunStatus = 'ok' | 'failed' | 'refused' | 'interrupted' | 'lost' | 'running';

/** A recorded run; times are seconds, `started` since the epoch. */
export interface IRun {
  id: string;
  status: RunStatus;
  started: number;
  seconds: number | null;
  parameters: Record<string, string>;
  count: number;
  cached: number;
  failed: { step: string; detail: string; said: Said | null }[];
  sweep: string | null;
}

export interface IRunDetails extends IRun {
  steps: {
    name: string;
    status: string;
    reason: string;
    detail: string;
    said: Record<'reason' | 'detail', Said | null>;
    seconds: number;
    memory: number;
    taken: number;
    given: number;
  }[];
  metrics: Record<string, number | null>;
  notes: string[];
  said: (Said | null)[];
}

export interface IComparison {
  old: string;
  new: string;
  missing: string;
  said: Said | null;
  differences: {
    what: string;
    name: string;
    old: string;
    new: string;
    where: string;
    said: Record<'name' | 'old' | 'new' | 'where', Said | null>;
  }[];
  code: { name: string; said: Said | null; diff: string[] }[];
}

export interface ISweepTable {
  sweep: string;
  parameters: string[];
  runs: {
    run: string | null;
    status: string;
    parameters: Record<string, unknown>;
    metrics: Record<string, number | null>;
    seconds: number | null;
    steps: number;
    cached: number;
    error: string | null;
    said: Said | null;
  }[];
}

/** What is made of a run and opened. */
export type Made =
  | { what: 'notebook' | 'report'; run: string }
  | { what: 'step'; run: string; step: string }
  | { what: 'comparison'; run: string; other: string };
