/** An answer of Strapi that is not what the demo needs. */
export class StrapiAnswerError extends Error {
  constructor(method, path, status, body) {
    super(`${method} ${path} answered ${status}: ${body.slice(0, 500)}`);
    this.status = status;
  }
}

/** Strapi's admin API, as far as the demo uses it. */
export class StrapiClient {
  #url;
  #token;

  /** @param {string} url without a slash at the end */
  constructor(url) {
    this.#url = url;
  }

  /**
   * Logs in; where there is no administrator yet, registers this one.
   *
   * @param {{ email: string, password: string }} login
   * @throws {StrapiAnswerError} status 400 if there is one with another password
   */
  async logIn({ email, password }) {
    const { data } = await this.request('GET', '/admin/init');
    const names = { firstname: 'Demo', lastname: 'Admin' };
    const answer = data.hasAdmin
      ? await this.request('POST', '/admin/login', { email, password })
      : await this.request('POST', '/admin/register-admin', { email, password, ...names });
    this.#token = answer.data.token;
  }

  /** @param {{ name: string, type: string, content: () => Buffer }} file @returns {Promise<{ id: number, url: string }>} */
  async upload(file) {
    const form = new FormData();
    form.append('files', new Blob([file.content()], { type: file.type }), file.name);
    const [uploaded] = await this.request('POST', '/upload', form);
    return uploaded;
  }

  /** Creates an article and publishes it. @param {Record<string, unknown>} article */
  async publishArticle(article) {
    const articles = '/content-manager/collection-types/api::article.article';
    const { data } = await this.request('POST', articles, article);
    await this.request('POST', `${articles}/${data.documentId}/actions/publish`, {});
  }

  /**
   * @param {string} method @param {string} path
   * @param {FormData | Record<string, unknown>} [body] sent as a form or as JSON
   * @returns {Promise<any>} the answer's JSON
   * @throws {StrapiAnswerError} for any status but 2xx
   */
  async request(method, path, body) {
    const headers = this.#token === undefined ? {} : { Authorization: `Bearer ${this.#token}` };
    const json = body !== undefined && !(body instanceof FormData);
    const response = await fetch(this.#url + path, {
      method,
      headers: json ? { ...headers, 'Content-Type': 'application/json' } : headers,
      body: json ? JSON.stringify(body) : body,
    });
    const text = await response.text();
    if (!response.ok) {
      throw new StrapiAnswerError(method, path, response.status, text);
    }
    return text === '' ? undefined : JSON.parse(text);
  }
}
