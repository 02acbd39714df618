import { Typography } from '@strapi/design-system';

import type { RunAnswer } from '../../../../server/src/routes/contract';

import { useErrorText } from '../../hooks/useErrorText';
import { Notice } from '../common/Notice';

/** Why a whole run failed, and what to do about it. */
export function RunError({ error }: { error: NonNullable<RunAnswer['error']> }) {
  const { title, message, language, fix } = useErrorText()(error);

  return (
    <Notice variant="danger" title={title}>
      <Typography tag="p" lang={language} style={{ overflowWrap: 'anywhere' }}>
        {message}
      </Typography>
      {fix ? (
        <Typography tag="p" style={{ overflowWrap: 'anywhere' }}>
          {fix}
        </Typography>
      ) : null}
    </Notice>
  );
}
