import { Box, Typography } from '@strapi/design-system';

import { useIntl } from 'react-intl';

import type { Problem } from '../../../../server/src/routes/contract';
import { useTranslation, type MessageKey } from '../../hooks/useTranslation';
import { Notice } from '../common/Notice';

const ENGLISH_TEXTS: Partial<Record<string, MessageKey>> = {
  BUCKET_MISSING: 'problem.BUCKET_MISSING',
  REGION_MISSING: 'problem.REGION_MISSING',
  MODE_MISSING: 'problem.MODE_MISSING',
};

/** Problems that have words of the page; the others come with particulars, in the server's words. */
const TEXTS: Partial<Record<string, MessageKey>> = {
  ...ENGLISH_TEXTS,
  PROVIDER_NOT_LOCAL: 'problem.PROVIDER_NOT_LOCAL',
  DIRECTORY_MISSING: 'problem.DIRECTORY_MISSING',
};

/** What keeps anything from being synced. */
export function ProblemsNotice({ problems }: { problems: Problem[] }) {
  const t = useTranslation();
  const isEnglish = useIntl().locale.split('-')[0] === 'en';
  if (problems.length === 0) return null;

  return (
    <Notice variant="warning" title={t('problems.title')}>
      <Box tag="ul" paddingLeft={5} style={{ listStyle: 'disc' }}>
        {problems.map(({ code, message }) => {
          // In English the server's words say more: which provider, which folder.
          const key = isEnglish ? ENGLISH_TEXTS[code] : TEXTS[code];
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
