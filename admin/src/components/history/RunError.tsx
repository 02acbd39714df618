import { Typography } from '@strapi/design-system';

import type { RunAnswer } from '../../../../server/src/routes/contract';

import { useErrorText } from '../../hooks/useErrorText';
import { Notice } from '../common/Notice';
import { ServerWords } from '../common/ServerWords';

/** Why a whole run failed, and what to do about it. */
export function RunError({ error }: { error: NonNullable<RunAnswer['error']> }) {
  const { title, fix, ...words } = useErrorText()(error);

  return (
    <Notice variant="danger" title={title}>
      {words.isForeign ? null : <ServerWords {...words} />}
      {fix ? (
        <Typography tag="p" style={{ overflowWrap: 'anywhere' }}>
          {fix}
        </Typography>
      ) : null}
      {words.isForeign ? <ServerWords {...words} /> : null}
    </Notice>
  );
}
