// Middleware for Express 5. Types only are imported of it, so the SDK does not depend on it.
import type { NextFunction, Request, RequestHandler, Response } from 'express';
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

declare global {
  namespace Express {
    interface Request {
      /** Set by `session`: the session of the request, or why there is none. */
      trust?: RequestTrust;
      /** Set by `requireTrustToken`: the Trust Token of the calling service. */
      trustToken?: VerifiedTrustToken;
    }
  }
}

function flowRequest(req: Request): FlowRequest {
  return { method: req.method, url: req.originalUrl, headers: req.headers, ipAddress: req.ip };
}

function send(res: Response, { status, headers, body }: FlowAnswer): void {
  for (const [name, value] of Object.entries(headers)) {
    // Appended, so that cookies set by others stay.
    for (const item of [value].flat()) {
      if (name === 'set-cookie') {
        res.append(name, item);
      } else {
        res.setHeader(name, item);
      }
    }
  }
  res.statusCode = status;
  res.end(body);
}

/** Finds the session of each request and puts it into `req.trust`. It lets every request pass. */
export function session(options: SessionOptions): RequestHandler {
  const reader = new SessionReader(options);
  return async (req: Request, _res: Response, next: NextFunction) => {
    req.trust = await reader.read(req.headers.cookie, clientFactsOf(flowRequest(req)));
    next();
  };
}

/**
 * Lets only requests with an active session pass. Others are answered 503 if nothing could be decided, are redirected
 * to sign-in if a browser navigates, or get 401.
 */
export function requireSession(options: RequireSessionOptions = {}): RequestHandler {
  return (req: Request, res: Response, next: NextFunction) => {
    const denied = denyWithoutSession(req.trust, flowRequest(req), options);
    if (denied === undefined) {
      next();
    } else {
      send(res, denied);
    }
  };
}

/**
 * Lets only sessions of at least this `acr` pass, and with `maxAgeSeconds` only fresh ones. Others are sent through
 * sign-in again if a browser navigates, or get 401 with `insufficient_user_authentication` (RFC 9470).
 */
export function requireLevel(level: Level, options: RequireLevelOptions = {}): RequestHandler {
  return (req: Request, res: Response, next: NextFunction) => {
    const denied = denyBelowLevel(req.trust, flowRequest(req), level, options);
    if (denied === undefined) {
      next();
    } else {
      send(res, denied);
    }
  };
}

/**
 * Lets only those pass who may do this in the active organisation: by the Trust Token where `requireTrustToken` stands
 * before, else by the session. Others get 403; without a session they are answered as by `requireSession`.
 */
export function requirePermission(permission: string, options: RequireSessionOptions = {}): RequestHandler {
  return (req: Request, res: Response, next: NextFunction) => {
    const known = { trust: req.trust, token: req.trustToken };
    const denied = denyWithoutPermission(known, flowRequest(req), permission, options);
    if (denied === undefined) {
      next();
    } else {
      send(res, denied);
    }
  };
}

/** Serves the routes of the redirect flow; see `SignInFlow`. Mount it at the root of the app. */
export function signInRoutes(options: SignInFlowOptions): RequestHandler {
  const flow = new SignInFlow(options);
  return async (req: Request, res: Response, next: NextFunction) => {
    const answered = await flow.handle(flowRequest(req));
    if (answered === undefined) {
      next();
    } else {
      send(res, answered);
    }
  };
}

/** Lets only requests with a valid `Trust-Token` header pass and puts it into `req.trustToken`; else 401 or 503. */
export function requireTrustToken(verifier: Pick<Verifier, 'verify'>): RequestHandler {
  return async (req: Request, res: Response, next: NextFunction) => {
    try {
      req.trustToken = await verifyTokenOf(verifier, tokenValues(req.rawHeaders));
    } catch (error) {
      send(res, denyToken(error));
      return;
    }
    next();
  };
}
