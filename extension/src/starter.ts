/** A new notebook that is a pipeline from the start: a cell of parameters and three steps, to be written over. */

import { Contents, KernelSpec, ServiceManager } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';

/** Write the notebook to a folder; its path. */
export async function writeStarter(
  services: ServiceManager.IManager,
  folder: string,
  trans: TranslationBundle
): Promise<Contents.IModel> {
  const { contents, kernelspecs } = services;
  await kernelspecs.ready;
  const made = await contents.newUntitled({ path: folder, type: 'notebook' });
  return await contents.save(made.path, {
    type: 'notebook',
    format: 'json',
    content: starter(pythonOf(kernelspecs.specs), trans)
  });
}

/** The kernel of Python that is taken by default, or any. */
function pythonOf(specs: KernelSpec.ISpecModels | null): KernelSpec.ISpecModel | null {
  const known = specs?.kernelspecs ?? {};
  const wanted = [known[specs?.default ?? ''], ...Object.values(known)];
  return wanted.find(spec => spec?.language === 'python') ?? null;
}

/** The notebook's content. */
export function starter(
  kernel: KernelSpec.ISpecModel | null,
  trans: TranslationBundle
): object {
  const code = (source: string, tag: string) => ({
    cell_type: 'code',
    metadata: { tags: [tag] },
    source,
    outputs: [],
    execution_count: null
  });
  const text = (source: string) => ({ cell_type: 'markdown', metadata: {}, source });
  return {
    cells: [
      text(
        `# ${trans.__('A pipeline')}\n\n` +
          trans.__(
            'Each cell belongs to the step that its tag names. What flows from step to step is found in the code: see it in the panel at the right.'
          )
      ),
      code(
        'rows = 100  # how many sales there are\n' +
          'smallest = 50  # the smallest amount that counts',
        'parameters'
      ),
      text(`## ${trans.__('Load')}`),
      code(
        'import random\n\n' +
          'random.seed(7)\n' +
          'sales = [random.randint(1, 100) for _ in range(rows)]',
        'step:load'
      ),
      text(`## ${trans.__('Clean')}`),
      code('kept = [amount for amount in sales if amount >= smallest]', 'step:clean'),
      text(`## ${trans.__('Report')}`),
      code(
        'print(f"{len(kept)} of {len(sales)} sales count, {sum(kept)} in all")',
        'step:report'
      )
    ],
    metadata: kernel
      ? {
          kernelspec: {
            name: kernel.name,
            display_name: kernel.display_name,
            language: kernel.language
          }
        }
      : {},
    nbformat: 4,
    nbformat_minor: 4
  };
}
