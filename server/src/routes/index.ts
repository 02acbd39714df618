type Permission = 'settings.read' | 'settings.update' | 'sync.run';

/** A route for administrators who have that permission. Without both policies any logged-in editor would get in. */
function route(method: 'GET' | 'PUT' | 'POST', path: string, handler: string, permission: Permission) {
  return {
    method,
    path,
    handler,
    config: {
      policies: [
        'admin::isAuthenticatedAdmin',
        { name: 'admin::hasPermissions', config: { actions: [`plugin::s3-sync.${permission}`] } },
      ],
    },
  };
}

/** The admin API, below `/s3-sync`. */
const routes = {
  admin: {
    type: 'admin',
    routes: [
      route('GET', '/settings', 'settings.find', 'settings.read'),
      route('PUT', '/settings', 'settings.update', 'settings.update'),
      route('POST', '/connection-test', 'connection.test', 'settings.update'),
      route('GET', '/credentials', 'connection.credentials', 'settings.read'),
      route('GET', '/status', 'status.find', 'settings.read'),
      route('GET', '/runs', 'runs.find', 'settings.read'),
      route('GET', '/runs/:id', 'runs.findOne', 'settings.read'),
      route('POST', '/runs', 'runs.start', 'sync.run'),
      route('POST', '/runs/:id/cancel', 'runs.cancel', 'sync.run'),
      route('GET', '/errors', 'errors.find', 'settings.read'),
      route('POST', '/plans', 'plans.start', 'sync.run'),
      route('GET', '/plans', 'plans.find', 'settings.read'),
      route('GET', '/plans/:id', 'plans.findOne', 'settings.read'),
      route('POST', '/plans/:id/cancel', 'plans.cancel', 'sync.run'),
      route('GET', '/trash', 'trash.find', 'settings.read'),
      route('POST', '/trash/:id/restore', 'trash.restore', 'sync.run'),
    ],
  },
};

export default routes;
