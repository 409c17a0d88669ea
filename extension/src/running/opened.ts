/** Notebooks that are one step of a run, with what it took. */

/** The step and the run that a notebook was made of, by `nb2pipe open` or the panel. */
export interface IOpened {
  run: string;
  step: string;
  /** The path of the notebook that ran, on the machine of the server. */
  notebook: string;
}

/** What a notebook's metadata say of that; null where it is a notebook as others. */
export function openedOf(metadata: unknown): IOpened | null {
  const found = (metadata as { opened?: Partial<IOpened> } | undefined)?.opened;
  const known = [found?.run, found?.step, found?.notebook];
  return known.every(text => typeof text === 'string') ? (found as IOpened) : null;
}
