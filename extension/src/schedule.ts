/** The form of jupyter-scheduler for a notebook, where that is installed. */

import { PathExt } from '@jupyterlab/coreutils';
import { CommandRegistry } from '@lumino/commands';

import { IParameter } from './protocol';
import { Session } from './session';

/** Its own command for the notebook in front takes what is chosen in the file browser, so its form is opened by the other. */
const THEIRS = ['scheduling:create-from-notebook', 'scheduling:restore-layout'];
const FORM = 1;

/** Whether jupyter-scheduler is there. */
export function canSchedule(commands: CommandRegistry): boolean {
  return THEIRS.every(command => commands.hasCommand(command));
}

/** Open the form, filled in for a notebook and the values of its parameters. */
export async function schedule(commands: CommandRegistry, session: Session): Promise<void> {
  const { path, analysis, given } = session;
  const folder = PathExt.dirname(path);
  await commands.execute(THEIRS[1], {
    jobsView: FORM,
    createJobModel: {
      key: Date.now(),
      jobName: jobName(PathExt.basename(path, PathExt.extname(path))),
      inputFile: path,
      outputPath: folder && `${folder}/`,
      environment: '',
      createType: 'Job',
      parameters: parametersOf(analysis?.parameters ?? [], given),
      schedule: '0 0 * * MON-FRI',
      scheduleInterval: 'weekday',
      scheduleClock: '00:00',
      scheduleMinute: '0',
      scheduleMonthDay: '1',
      scheduleWeekDay: '1',
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone
    }
  });
}

/** A name that jupyter-scheduler takes. */
function jobName(name: string): string {
  return name.replace(/[^a-zA-Z0-9._ -]/g, '_').slice(0, 63);
}

/** The parameters as jupyter-scheduler writes them into a cell: names, and values as Python. A secret stands nowhere. */
export function parametersOf(
  parameters: readonly IParameter[],
  given: ReadonlyMap<string, string>
): { name: string; value: string }[] {
  return parameters
    .filter(({ type, default: known, text }) => {
      const literal = type !== '' || known === null;
      return literal && !/\bSecret\b/.test(type) && !text.includes('\n');
    })
    .map(parameter => {
      const text = given.get(parameter.name);
      return {
        name: parameter.name,
        value: text === undefined ? parameter.text : asPython(text, parameter.type)
      };
    });
}

/** What stands in the form, as Python: a text is written there without quotes. */
function asPython(text: string, type: string): string {
  if (type === 'str') {
    return JSON.stringify(text);
  }
  return type === 'bool' ? (text.toLowerCase() === 'true' ? 'True' : 'False') : text;
}
