// Plugins and hooks for Fastify 5. Types only are imported of it, so the SDK does not depend on it.
import type { FastifyPluginAsync, FastifyReply, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';
import { clientFactsOf } from '../client_facts.ts';
import { tokenValues, type VerifiedTrustToken, verifyTokenOf } from '../request_token.ts';
import { type RequestTrust, type SessionOptions, SessionReader } from '../request_trust.ts';
import { type FlowAnswer, type FlowRequest, SignInFlow, type SignInFlowOptions } from '../sign_in_flow.ts';
import type { Verifier } from '../verifier.ts';
import {
  denyBelowLevel,
  denyToken,
  denyWithoutPermission,
  denyWithoutSession,
  type Level,
  type RequireLevelOptions,
  type RequireSessionOptions,
} from './http.ts';

export type { VerifiedTrustToken } from '../request_token.ts';
export type { RequestTrust, TrustOutcome } from '../request_trust.ts';
export type { Level, RequireLevelOptions, RequireSessionOptions, SessionOptions, SignInFlowOptions };

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by `session`: the session of the request, or why there is none. */
    trust?: RequestTrust;
    /** Set by `requireTrustToken`: the Trust Token of the calling service. */
    trustToken?: VerifiedTrustToken;
  }
}

function flowRequest(request: FastifyRequest): FlowRequest {
  return { method: request.method, url: request.originalUrl, headers: request.headers, ipAddress: request.ip };
}

function send(reply: FastifyReply, { status, headers, body }: FlowAnswer): FastifyReply {
  for (const [name, value] of Object.entries(headers)) {
    // Fastify appends `set-cookie` to what others have set.
    reply.header(name, value);
  }
  return reply.code(status).send(body);
}

/** Plugin: finds the session of each request of the instance that registers it and puts it into `request.trust`. */
export function session(options: SessionOptions): FastifyPluginAsync {
  const reader = new SessionReader(options);
  const plugin: FastifyPluginAsync = async (instance) => {
    instance.addHook('onRequest', async (request) => {
      request.trust = await reader.read(request.headers.cookie, clientFactsOf(flowRequest(request)));
    });
  };
  // As the package fastify-plugin does: the hook is for the instance that registers it, not for a child of it.
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true });
}

/**
 * `preHandler` (or `onRequest` after `session`) that lets only requests with an active session pass. Others are
 * answered 503 if nothing could be decided, are redirected to sign-in if a browser navigates, or get 401.
 */
export function requireSession(options: RequireSessionOptions = {}): preHandlerAsyncHookHandler {
  return async (request, reply) => {
    const denied = denyWithoutSession(request.trust, flowRequest(request), options);
    return denied === undefined ? undefined : send(reply, denied);
  };
}

/**
 * `preHandler` that lets only sessions of at least this `acr` pass, and with `maxAgeSeconds` only fresh ones. Others are
 * sent through sign-in again if a browser navigates, or get 401 with `insufficient_user_authentication` (RFC 9470).
 */
export function requireLevel(level: Level, options: RequireLevelOptions = {}): preHandlerAsyncHookHandler {
  return async (request, reply) => {
    const denied = denyBelowLevel(request.trust, flowRequest(request), level, options);
    return denied === undefined ? undefined : send(reply, denied);
  };
}

/**
 * `preHandler` that lets only those pass who may do this in the active organisation: by the Trust Token where
 * `requireTrustToken` stands before, else by the session. Others get 403; without a session they are answered as by
 * `requireSession`.
 */
export function requirePermission(permission: string, options: RequireSessionOptions = {}): preHandlerAsyncHookHandler {
  return async (request, reply) => {
    const known = { trust: request.trust, token: request.trustToken };
    const denied = denyWithoutPermission(known, flowRequest(request), permission, options);
    return denied === undefined ? undefined : send(reply, denied);
  };
}

/** Plugin: serves the routes of the redirect flow; see `SignInFlow`. Register it at the root, without a prefix. */
export function signInRoutes(options: SignInFlowOptions): FastifyPluginAsync {
  const flow = new SignInFlow(options);
  return async (instance) => {
    // A sign-out form has a content type that Fastify would refuse; no route here reads a body.
    instance.removeAllContentTypeParsers();
    instance.addContentTypeParser('*', (_request, payload, done) => {
      payload.resume();
      done(null);
    });
    for (const route of ['sign-in', 'sign-up', 'security', 'callback', 'sign-out']) {
      instance.route({
        method: ['GET', 'POST'],
        url: `${flow.basePath}/${route}`,
        exposeHeadRoute: false,
        handler: async (request, reply) => {
          const answered = await flow.handle(flowRequest(request));
          return answered === undefined ? reply.callNotFound() : send(reply, answered);
        },
      });
    }
  };
}

/**
 * `preHandler` or `onRequest` that lets only requests with a valid `Trust-Token` header pass and puts it into
 * `request.trustToken`; else 401 or 503.
 */
export function requireTrustToken(verifier: Pick<Verifier, 'verify'>): preHandlerAsyncHookHandler {
  return async (request, reply) => {
    try {
      request.trustToken = await verifyTokenOf(verifier, tokenValues(request.raw.rawHeaders));
      return undefined;
    } catch (error) {
      return send(reply, denyToken(error));
    }
  };
}
