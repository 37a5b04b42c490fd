/**
 * JSON-RPC 2.0 between an engine and its clients: one message a line, at most 1 MiB, over the Unix
 * socket {@code run/engine.sock}. What the messages say stands in {@link io.vivarium.engine}.
 */
@org.jspecify.annotations.NullMarked
package io.vivarium.engine.protocol;
