/** The cells of a step, folded to a line each as JupyterLab folds them, so that they stay so in the notebook. */

import { CodeCell } from '@jupyterlab/cells';
import { Notebook } from '@jupyterlab/notebook';

/** Whether all of these cells are folded. */
export function areFolded(notebook: Notebook, cells: readonly number[]): boolean {
  return cells.every(place => notebook.widgets[place].inputHidden);
}

/** Fold cells with their outputs, or show them. */
export function fold(notebook: Notebook, cells: readonly number[], folded: boolean): void {
  for (const place of cells) {
    const cell = notebook.widgets[place];
    cell.inputHidden = folded;
    if (cell instanceof CodeCell) {
      cell.outputHidden = folded;
    }
  }
}
