import { Box, Typography } from '@strapi/design-system';

import type { Problem } from '../../../../server/src/routes/contract';
import { useKnownText } from '../../hooks/useKnownText';
import { useTranslation } from '../../hooks/useTranslation';
import type { SettingsDraft } from '../../settingsDraft';
import { Notice } from '../common/Notice';

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
  const textOf = useProblemText();
  if (problems.length === 0) return null;
  const open = problems.filter((problem) => !isFilledIn(problem, draft));

  return (
    <Notice variant="warning" title={t('problems.title')}>
      <Box tag="ul" paddingLeft={5} style={{ listStyle: 'disc' }}>
        {open.length === 0 ? <Typography tag="li">{t('problem.unsaved')}</Typography> : null}
        {open.map((problem) => (
          <Typography key={`${problem.code} ${problem.message}`} tag="li" style={{ overflowWrap: 'anywhere' }}>
            {textOf(problem)}
          </Typography>
        ))}
      </Box>
    </Notice>
  );
}

/** Puts a problem into the language of the page; one that this page does not know stays in the server's words. */
function useProblemText(): (problem: Problem) => string {
  const known = useKnownText();

  return ({ code, setting, reason, values, message }) => {
    if (code !== 'SETTINGS_INVALID') return known(`problem.${code}`, values) ?? message;
    const what = (reason === undefined ? undefined : known(`invalid.${reason}`, values)) ?? message;
    const name = setting === undefined ? undefined : known(`field.${setting}`);
    return (
      (name === undefined ? undefined : known('problem.SETTINGS_INVALID', { setting: name, message: what })) ?? what
    );
  };
}
