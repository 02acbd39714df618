import { Blocker, Form, Layouts, Page, useNotification, useRBAC, type FormHelpers } from '@strapi/strapi/admin';
import { Box, Button, Flex, Tabs } from '@strapi/design-system';
import { Check } from '@strapi/icons';
import { useMemo, useRef, useState } from 'react';
import { styled } from 'styled-components';

import type { SettingsAnswer } from '../../../../server/src/routes/contract';
import { ErrorLog } from '../../components/history/ErrorLog';
import { RunHistory } from '../../components/history/RunHistory';
import { RunPage } from '../../components/history/RunPage';
import { PreviewTab } from '../../components/preview/PreviewTab';
import { NewerSettings } from '../../components/settings/NewerSettings';
import { SettingsForm, type FieldMessages } from '../../components/settings/SettingsForm';
import { StatusPanel } from '../../components/status/StatusPanel';
import { ProblemsNotice } from '../../components/sync/ProblemsNotice';
import { SyncPanel } from '../../components/sync/SyncPanel';
import { TrashTab } from '../../components/trash/TrashTab';
import { fieldErrors } from '../../fieldErrors';
import { useReason } from '../../hooks/useReason';
import { useSettings, type SavedSettings } from '../../hooks/useSettings';
import { useSettingsCheck } from '../../hooks/useSettingsCheck';
import { useSyncActions } from '../../hooks/useSyncActions';
import { useSyncStatus } from '../../hooks/useSyncStatus';
import { TABS, useTab, type TabName } from '../../hooks/useTab';
import { useKnownText } from '../../hooks/useKnownText';
import { useRefusalText } from '../../hooks/useRefusalText';
import { useTranslation } from '../../hooks/useTranslation';
import { PERMISSIONS } from '../../permissions';
import { toChanges, toDraft, type SettingsDraft } from '../../settingsDraft';
import { TabPanel } from './TabPanel';

/** In a narrow window and a language of long words, the tabs take two lines. */
const WrappingTabs = styled(Tabs.List)`
  display: flex;
  flex-wrap: wrap;
`;

const PERMISSION_LIST = Object.values(PERMISSIONS);

/** Settings > S3 Sync, for those who may see it. */
export default function SettingsPage() {
  return (
    <Page.Protect permissions={[PERMISSIONS.readSettings]}>
      <Settings />
    </Page.Protect>
  );
}

function Settings() {
  const t = useTranslation();
  const saved = useSettings();
  const { allowedActions, isLoading } = useRBAC(PERMISSION_LIST);

  const { answer, failed } = saved;
  if (failed) return <Page.Error content={t('page.failed')} />;
  if (!answer || isLoading) return <Page.Loading>{t('page.loading')}</Page.Loading>;
  return (
    <LoadedSettings
      saved={{ ...saved, answer }}
      canUpdate={allowedActions.canUpdate ?? false}
      canRun={allowedActions.canRun ?? false}
    />
  );
}

interface LoadedSettingsProps {
  saved: SavedSettings & { answer: SettingsAnswer };
  canUpdate: boolean;
  canRun: boolean;
}

function LoadedSettings({ saved: settings, canUpdate, canRun }: LoadedSettingsProps) {
  const { answer, save, hasNewer, takeNewer, check } = settings;
  const t = useTranslation();
  const known = useKnownText();
  const { toggleNotification } = useNotification();
  const refusalText = useRefusalText();
  const { status, pace, unreachable, loggedOut, refresh } = useSyncStatus();
  const actions = useSyncActions(refresh);
  useSettingsCheck({ version: answer.version, told: status?.settingsVersion, check });
  const syncsAfterSave = useRef(false);
  const [errors, setErrors] = useState<FieldMessages>({});
  // Who comes to set it up begins with the settings; everyone else wants to see how the sync is.
  const [initialTab] = useState<TabName>(() => (answer.problems.some(({ setting }) => setting) ? 'settings' : 'sync'));
  const { tab, item, open: openTab } = useTab(initialTab);
  const saved = useMemo(() => toDraft(answer.settings), [answer]);
  const problems = status?.problems ?? answer.problems;
  // The form may hold changes while another tab is open; they do not keep anybody from settling a run.
  const reason = useReason({ canRun, unsaved: false, problems, status });
  const version = `${status?.running?.id ?? ''} ${status?.lastRun?.id ?? ''} ${status?.lastRun?.status ?? ''}`;

  const submit = async (draft: SettingsDraft, { setErrors: focusErrors, resetForm }: FormHelpers<SettingsDraft>) => {
    const syncs = syncsAfterSave.current;
    syncsAfterSave.current = false;
    setErrors({});
    try {
      const { settings } = await save(toChanges(draft, saved));
      // The server may have written a value in its own form (a prefix ends with `/`).
      resetForm(toDraft(settings));
      toggleNotification({ type: 'success', message: t('notification.saved') });
      if (syncs) await actions.start();
    } catch (error) {
      const { fields, complete } = fieldErrors(error, draft, known);
      setErrors(fields);
      if (complete) openTab('settings');
      // Strapi's form moves to the first field that has one.
      focusErrors(fields);
      toggleNotification({ type: 'danger', message: complete ? t('notification.invalid') : refusalText(error) });
    } finally {
      refresh();
    }
  };

  return (
    <Page.Main>
      <Page.Title>{t('page.title')}</Page.Title>
      <Tabs.Root variant="simple" value={tab} onValueChange={openTab}>
        {/* Only what the settings need is in their form: Enter in an input of another tab must not save them. */}
        <Form method="PUT" initialValues={saved} onSubmit={submit}>
          {({ values, modified, isSubmitting, onChange, setErrors: focusErrors }) => (
            <>
              <Layouts.Header
                title={t('page.title')}
                subtitle={t('page.subtitle')}
                primaryAction={
                  tab === 'settings' || modified ? (
                    <Button
                      type="submit"
                      startIcon={<Check />}
                      disabled={!modified || !canUpdate}
                      loading={isSubmitting}
                    >
                      {t('action.save')}
                    </Button>
                  ) : null
                }
              />
              <Layouts.Content>
                <Flex direction="column" alignItems="stretch" gap={4}>
                  <ProblemsNotice problems={problems} draft={values} />
                  <NewerSettings exist={hasNewer && !isSubmitting} modified={modified} onTake={takeNewer} />
                  <WrappingTabs aria-label={t('page.title')}>
                    {TABS.map((name) => (
                      <Tabs.Trigger key={name} value={name}>
                        {t(`tab.${name}`)}
                      </Tabs.Trigger>
                    ))}
                  </WrappingTabs>
                </Flex>
              </Layouts.Content>
              <TabPanel name="sync">
                <SyncPanel
                  status={status}
                  pace={pace}
                  unreachable={unreachable}
                  loggedOut={loggedOut}
                  problems={problems}
                  unsaved={modified}
                  automatic={answer.settings.syncOn.enabled}
                  canRun={canRun}
                  actions={actions}
                  onSaveAndSync={() => {
                    syncsAfterSave.current = true;
                  }}
                  saving={isSubmitting}
                />
                {status ? <StatusPanel status={status} /> : null}
              </TabPanel>
              <TabPanel name="settings">
                <SettingsForm
                  draft={values}
                  saved={saved}
                  errors={errors}
                  answer={answer}
                  readOnly={!canUpdate}
                  onChange={(name, value) => {
                    // What was said of the old value is not true of the new one.
                    if (errors[name] !== undefined) setErrors({ ...errors, [name]: undefined });
                    onChange(name, value);
                  }}
                  onErrors={(fields) => {
                    setErrors(fields);
                    focusErrors(fields);
                  }}
                />
              </TabPanel>
              <Blocker />
            </>
          )}
        </Form>
        <TabPanel name="preview">
          <PreviewTab
            status={status}
            problems={problems}
            canRun={canRun}
            onStarted={() => {
              refresh();
              openTab('sync');
            }}
          />
        </TabPanel>
        <TabPanel name="history">
          {item === '' ? (
            <>
              <RunHistory
                version={version}
                onOpen={(id) => {
                  openTab(`history/${id}`);
                }}
              />
              <ErrorLog version={version} />
            </>
          ) : (
            <RunPage
              id={item}
              version={version}
              status={status}
              reason={reason}
              onStart={(request) => {
                openTab('sync');
                void actions.start(request);
              }}
              onBack={() => {
                openTab('history');
              }}
            />
          )}
        </TabPanel>
        <TabPanel name="trash">
          <TrashTab canRun={canRun} version={version} />
        </TabPanel>
      </Tabs.Root>
      <Box paddingBottom={10} />
    </Page.Main>
  );
}
