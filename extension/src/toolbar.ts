/** The arrow beside the toolbar's button: the menu of what else can be done. */

import { TranslationBundle } from '@jupyterlab/translation';
import { caretDownEmptyIcon, ToolbarButton } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

import { MENU } from './commands';

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
