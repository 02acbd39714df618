import { Box, Typography } from '@strapi/design-system';

import { useIntl } from 'react-intl';

import type { Problem } from '../../../../server/src/routes/contract';
import { useTranslation, type MessageKey } from '../../hooks/useTranslation';
import type { SettingsDraft } from '../../settingsDraft';
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

interface ProblemsNoticeProps {
  problems: Problem[];
  /** The form, where what is missing may stand already. */
  draft: SettingsDraft;
}

/** Whether the form already holds what is missing in the saved settings. */
function isFilledIn({ code }: Problem, { bucketName, awsRegion, mode }: SettingsDraft): boolean {
  if (code === 'BUCKET_MISSING') return bucketName.trim() !== '';
  if (code === 'REGION_MISSING') return awsRegion.trim() !== '';
  return code === 'MODE_MISSING' && mode !== '';
}

/** What keeps anything from being synced. */
export function ProblemsNotice({ problems, draft }: ProblemsNoticeProps) {
  const t = useTranslation();
  const isEnglish = useIntl().locale.split('-')[0] === 'en';
  if (problems.length === 0) return null;
  const open = problems.filter((problem) => !isFilledIn(problem, draft));

  return (
    <Notice variant="warning" title={t('problems.title')}>
      <Box tag="ul" paddingLeft={5} style={{ listStyle: 'disc' }}>
        {open.length === 0 ? <Typography tag="li">{t('problem.unsaved')}</Typography> : null}
        {open.map(({ code, message }) => {
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
