/** Requests to the server's part. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { IFailure, JobEvent } from './protocol';

/** A request that was answered with a failure; `missing` where the server has no such part. */
export class ServerFailure extends Error {
  constructor(
    readonly failure: IFailure,
    readonly missing = false
  ) {
    super(failure.message);
  }
}

export interface IRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  body?: unknown;
  query?: Record<string, string>;
  signal?: AbortSignal;
}

/** The server's part, by the routes of `nb2pipe/server/routes.py`. */
export class Server {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  /** Ask a route; throws a `ServerFailure` where there is no answer. */
  async ask<T>(route: string, request: IRequest = {}): Promise<T> {
    const response = await this.fetch(route, request);
    return (response.status === 204 ? null : await response.json()) as T;
  }

  /** Hear all events of a job, from its first to its last. */
  async *events(job: string, signal: AbortSignal): AsyncGenerator<JobEvent> {
    const response = await this.fetch(`jobs/${job}`, { signal });
    const reader = response.body?.getReader();
    if (!reader) {
      return;
    }
    const decoder = new TextDecoder();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      rest += decoder.decode(value, { stream: true });
      const parts = rest.split('\n\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        if (part.startsWith('data: ')) {
          yield JSON.parse(part.slice(6)) as JobEvent;
        }
      }
    }
  }

  private async fetch(route: string, request: IRequest): Promise<Response> {
    const { method = 'GET', body, query, signal } = request;
    const url =
      URLExt.join(this.settings.baseUrl, 'nb2pipe', route) +
      (query ? URLExt.objectToQueryString(query) : '');
    const init: RequestInit = {
      method,
      signal,
      cache: 'no-store',
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    };
    const response = await ServerConnection.makeRequest(url, init, this.settings);
    if (response.ok) {
      return response;
    }
    const said = (await response.json().catch(() => null)) as
      (IFailure & { reason?: string }) | null;
    // Jupyter's own page for what it does not know has no `kind`, and our routes answer 404 only with a message of theirs.
    const missing = response.status === 404 && !said?.message;
    throw new ServerFailure(
      {
        kind: said?.kind ?? 'fault',
        message: said?.message || said?.reason || response.statusText,
        said: said?.said,
        findings: said?.findings
      },
      missing
    );
  }
}
