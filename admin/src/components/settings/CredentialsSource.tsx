import { Flex, Typography } from '@strapi/design-system';

import { useCredentials } from '../../hooks/useCredentials';
import { useTranslation } from '../../hooks/useTranslation';
import { Notice } from '../common/Notice';

/** Which credentials the server uses. They are never typed here, and never shown. */
export function CredentialsSource() {
  const t = useTranslation();
  const source = useCredentials();

  return (
    <Flex direction="column" alignItems="stretch" gap={1} data-credentials={source}>
      <Typography tag="h3" variant="pi" fontWeight="bold" textColor="neutral800">
        {t('credentials.title')}
      </Typography>
      {source === 'none' ? (
        <Notice variant="warning" title={t('credentials.none')}>
          <Typography tag="p">{t('credentials.none.fix')}</Typography>
        </Notice>
      ) : (
        <Typography tag="p" variant="pi" textColor="neutral600">
          {source === undefined ? t('credentials.asking') : `${t(`credentials.${source}`)} ${t('credentials.kept')}`}
        </Typography>
      )}
    </Flex>
  );
}
