import { Typography } from '@strapi/design-system';

import type { RunAnswer } from '../../../../server/src/routes/contract';

import { useErrorTitle } from '../../hooks/useErrorTitle';
import { Notice } from '../common/Notice';

/** Why a whole run failed, and what to do about it. */
export function RunError({ error }: { error: NonNullable<RunAnswer['error']> }) {
  const errorTitle = useErrorTitle();

  return (
    <Notice variant="danger" title={errorTitle(error.code)}>
      <Typography tag="p" style={{ overflowWrap: 'anywhere' }}>
        {error.message}
      </Typography>
      {error.fix ? (
        <Typography tag="p" style={{ overflowWrap: 'anywhere' }}>
          {error.fix}
        </Typography>
      ) : null}
    </Notice>
  );
}
