import globalSetup from './globalSetup';
import { buildPlugin } from './pluginForms';

/** Builds the plugin once, before test files that use the built form run beside each other; then as for all stores. */
export default async function globalSetupBuilt(): Promise<void> {
  await buildPlugin();
  await globalSetup();
}
