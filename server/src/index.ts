import { bootstrap } from './bootstrap';
import config from './config';
import controllers from './controllers';
import { destroy } from './destroy';
import { register } from './register';
import routes from './routes';
import services from './services';

export type { FilesService, ReadRange, StoredFile } from './serve/files';

/** What Strapi loads, in the order in which it calls it. */
export default { config, register, bootstrap, destroy, routes, controllers, services };
