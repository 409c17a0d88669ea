/** The toolbar's button, and the arrow beside it: the menu of what else can be done. */

import { TranslationBundle } from '@jupyterlab/translation';
import {
  caretDownEmptyIcon,
  CommandToolbarButton,
  ToolbarButton
} from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

import { Commands, MENU } from './commands';

/** The button says what it does: without a label of its own a toolbar shows the icon alone. */
export function compileButton(
  commands: CommandRegistry,
  trans: TranslationBundle
): CommandToolbarButton {
  return new CommandToolbarButton({
    commands,
    id: Commands.compile,
    label: trans.__('Compile to pipeline')
  });
}

export function menuButton(
  commands: CommandRegistry,
  trans: TranslationBundle
): ToolbarButton {
  const menu = new Menu({ commands });
  menu.title.label = trans.__('Pipeline');
  for (const command of MENU) {
    menu.addItem({ command });
  }
  const button: ToolbarButton = new ToolbarButton({
    icon: caretDownEmptyIcon,
    tooltip: trans.__('More about the pipeline'),
    onClick: () => {
      const { left, bottom } = button.node.getBoundingClientRect();
      menu.open(left, bottom);
    }
  });
  button.addClass('jp-nb2pipe-menuButton');
  button.disposed.connect(() => menu.dispose());
  return button;
}
