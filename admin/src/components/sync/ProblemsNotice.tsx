import { Box, Typography } from '@strapi/design-system';

import type { Problem } from '../../../../server/src/routes/contract';
import { useTranslation, type MessageKey } from '../../hooks/useTranslation';
import { Notice } from '../common/Notice';

/** Problems that need no more words than these; the others come with particulars, in the server's words. */
const TEXTS: Partial<Record<string, MessageKey>> = {
  BUCKET_MISSING: 'problem.BUCKET_MISSING',
  REGION_MISSING: 'problem.REGION_MISSING',
  MODE_MISSING: 'problem.MODE_MISSING',
};

/** What keeps anything from being synced. */
export function ProblemsNotice({ problems }: { problems: Problem[] }) {
  const t = useTranslation();
  if (problems.length === 0) return null;

  return (
    <Notice variant="warning" title={t('problems.title')}>
      <Box tag="ul" paddingLeft={5} style={{ listStyle: 'disc' }}>
        {problems.map(({ code, message }) => {
          const key = TEXTS[code];
          return (
            <Typography key={`${code} ${message}`} tag="li">
              {key ? t(key) : message}
            </Typography>
          );
        })}
      </Box>
    </Notice>
  );
}
