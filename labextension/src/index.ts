/** The extension's plugins: small ones, so that a site can disable what it does not want. Wiring only. */
import { commands } from './plugins/commands';
import { lists } from './plugins/lists';
import { notices } from './plugins/notices';
import { panel } from './plugins/panel';
import { running } from './plugins/running';
import { service } from './plugins/service';
import { status } from './plugins/status';

export default [service, panel, commands, lists, notices, status, running];
