import type { Command } from '../Command';
import { get } from './get';
import { init } from './init';
import { policy } from './policy';
import { restore } from './restore';
import { runs } from './runs';
import { set } from './set';
import { status } from './status';
import { sync } from './sync';
import { test } from './test';
import { trash } from './trash';

/** All commands, in the order of the help. */
export const commands: readonly Command[] = [init, get, set, sync, restore, status, test, policy, runs, trash];
