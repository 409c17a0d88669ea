/** The colours of steps: those that a theme gives to code, by turns. */

export const COLOURS = 8;

/** The number of a step's colour; neighbours differ. */
export function colourOf(step: number): number {
  return step % COLOURS;
}
