import { Flex, Typography } from '@strapi/design-system';

import type { RunDetailAnswer } from '../../../../server/src/routes/contract';
import { useErrorText } from '../../hooks/useErrorText';
import { ServerWords } from '../common/ServerWords';

type Failure = RunDetailAnswer['failures'][number];

/** What went wrong, and the files it went wrong for. */
interface Cause extends Pick<Failure, 'code' | 'message' | 'fix'> {
  keys: string[];
}

/** Stands in a message for the key, where it is said of several files that are named below. */
const ELLIPSIS = '…';

/** Puts failures with the same cause and fix together: what is true of fifty files is said once. */
function groupByCause(failures: Failure[]): Cause[] {
  const causes = new Map<string, Cause>();
  for (const { key, code, message, fix } of failures) {
    const shared = message.replaceAll(key, ELLIPSIS);
    const id = JSON.stringify([code, shared, fix]);
    const cause = causes.get(id);
    if (cause === undefined) causes.set(id, { code, message, fix, keys: [key] });
    else {
      cause.message = shared;
      cause.keys.push(key);
    }
  }
  return [...causes.values()];
}

/** Files that did not do what the sync wanted of them, each with the cause and what to do. */
export function FailureList({ failures }: { failures: Failure[] }) {
  const errorText = useErrorText();

  return (
    <Flex direction="column" alignItems="stretch" gap={3}>
      {groupByCause(failures).map(({ keys, ...cause }) => {
        const { title, fix, ...words } = errorText(cause);
        return (
          <Flex
            key={keys[0]}
            direction="column"
            alignItems="stretch"
            gap={1}
            padding={4}
            hasRadius
            borderColor="neutral150"
          >
            <Typography tag="p" textColor="neutral800" style={{ overflowWrap: 'anywhere' }}>
              <Typography fontWeight="bold">{title}</Typography>
              {words.isForeign ? null : ` ${words.message}`}
            </Typography>
            {fix ? (
              <Typography tag="p" variant="pi" textColor="neutral600" style={{ overflowWrap: 'anywhere' }}>
                {fix}
              </Typography>
            ) : null}
            {words.isForeign ? <ServerWords {...words} /> : null}
            <Flex tag="ul" direction="column" alignItems="stretch" gap={1} paddingTop={2}>
              {keys.map((key) => (
                <Typography
                  key={key}
                  tag="li"
                  variant="pi"
                  textColor="neutral800"
                  style={{ fontFamily: 'monospace', overflowWrap: 'anywhere' }}
                >
                  {key}
                </Typography>
              ))}
            </Flex>
          </Flex>
        );
      })}
    </Flex>
  );
}
