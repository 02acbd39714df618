import type { Problem, StatusAnswer } from '../../../server/src/routes/contract';
import { useFormat } from './useFormat';
import { useTranslation } from './useTranslation';

interface ReasonInput {
  canRun: boolean;
  /** The form holds changes that are not saved; a sync would go by the old settings. */
  unsaved: boolean;
  problems: Problem[];
  status: StatusAnswer | undefined;
}

/** Why no sync can be started now, in words; nothing where one can, or where one goes on already. */
export function useReason({ canRun, unsaved, problems, status }: ReasonInput): string | undefined {
  const t = useTranslation();
  const format = useFormat();

  if (!canRun) return t('reason.permission');
  if (status?.previewing) return t('reason.previewing');
  if (unsaved) return t('reason.unsaved');
  if (status === undefined) return t('reason.loading');
  if (problems.length === 0) return undefined;
  const missing = [
    ...(problems.some(({ code }) => code === 'BUCKET_MISSING') ? [t('field.bucketName')] : []),
    ...(problems.some(({ code }) => code === 'REGION_MISSING') ? [t('field.awsRegion')] : []),
    ...(problems.some(({ code }) => code === 'MODE_MISSING') ? [t('field.mode')] : []),
  ];
  return missing.length === problems.length
    ? t('reason.missing', { settings: format.list(missing) })
    : t('reason.problems');
}
