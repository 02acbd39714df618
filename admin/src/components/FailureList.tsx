import { Flex, Typography } from '@strapi/design-system';

import type { RunDetailAnswer } from '../../../server/src/routes/contract';
import { useErrorTitle } from '../hooks/useErrorTitle';

/** Files that did not do what the sync wanted of them, each with the cause and what to do. */
export function FailureList({ failures }: { failures: RunDetailAnswer['failures'] }) {
  const errorTitle = useErrorTitle();

  return (
    <Flex tag="ul" direction="column" alignItems="stretch" gap={0} hasRadius borderColor="neutral150">
      {failures.map(({ key, code, message, fix }) => (
        <Flex
          key={`${code} ${key}`}
          tag="li"
          direction="column"
          alignItems="stretch"
          gap={1}
          padding={4}
          borderStyle="solid"
          borderWidth="0 0 1px 0"
          borderColor="neutral150"
        >
          <Typography variant="omega" fontWeight="bold" style={{ overflowWrap: 'anywhere' }}>
            {key}
          </Typography>
          <Typography tag="p" variant="pi" textColor="neutral800" style={{ overflowWrap: 'anywhere' }}>
            <Typography variant="pi" fontWeight="bold">
              {errorTitle(code)}
            </Typography>{' '}
            {message}
          </Typography>
          {fix ? (
            <Typography tag="p" variant="pi" textColor="neutral600" style={{ overflowWrap: 'anywhere' }}>
              {fix}
            </Typography>
          ) : null}
        </Flex>
      ))}
    </Flex>
  );
}
