import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeTable } from './makeTable';

writeFileSync(path.join(__dirname, '..', 'README.md'), makeTable());
