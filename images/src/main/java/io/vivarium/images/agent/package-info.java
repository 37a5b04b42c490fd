/**
 * The agent protocol: how the host runs a command in a guest. Version 1 goes over serial ports,
 * which the guest reads as terminals; version 2 over two byte streams, ports of a virtio console by
 * the names in {@link io.vivarium.images.agent.AgentProtocol#STREAMS}. What follows is of both, but
 * where it says otherwise. A guest of ours takes the streams where its machine has them.
 *
 * <p><b>Ports.</b> Port 1 (ttyS1, COM2, or the first stream) carries requests to the guest and
 * standard output back; port 2 (ttyS2, COM3, or the second) carries standard error back. Both are
 * binary-clean towards the host; streams are so both ways, and whoever is slow holds up the other.
 *
 * <p><b>Ready.</b> When the guest is up, and its console's shell has read its profile, the agent
 * sends {@code 0x1E "READY " VERSION "\n"} on the port 1 that it uses, once. Requests sent before
 * are lost or answered late.
 *
 * <p><b>Request.</b> {@code x NONCE WORD...\n}: a line in the syntax of a POSIX shell with every
 * word quoted by the host so that nothing in it is interpreted, made by {@link
 * io.vivarium.images.agent.AgentProtocol#request}. NONCE is six of {@code [a-z0-9]}, new for each
 * request. Control characters never stand in a line as themselves ({@code $'\003'} instead), and a
 * line longer than 4,000 bytes is continued on the next by a backslash, as the guest's terminal
 * takes at most 4,095 bytes a line. WORD... is the program and its arguments; its standard input is
 * {@code /dev/null}.
 *
 * <p><b>Reply.</b> The program's standard output, then {@code 0x1E NONCE " " STATUS "\n"}, STATUS
 * in decimal, 0 to 255 (126: cannot be run, 127: no such program, 128 + n: ended by signal n); and
 * on port 2 its standard error, then {@code 0x1E NONCE "\n"}. The request is done when both markers
 * came; they come in either order. What a program that it left in the background still prints
 * appears in the output of the next request.
 *
 * <p><b>Input.</b> A program with an input is run by {@code sh -c SCRIPT NONCE PROGRAM ARGS...}, a
 * script that joins the program's standard input to port 1. On port 1 {@code 0x1E NONCE "i\n"} says
 * that input may come, {@code 0x1E NONCE "o\n"} that the program has ended; the reply's own marker
 * follows only once the input's end has come too. To a terminal, input is what it makes of what is
 * typed: 0x04 hands on a line without a line feed, and on an empty line it is the end; 0x16 goes
 * before the bytes 0x03, 0x04, 0x16 and 0x1C. The guest stops it by RTS. To a stream, input is
 * blocks, each after its length in decimal and a line feed; {@code "0\n"} is the end.
 *
 * <p><b>One at a time.</b> The next request is read when the one before is done; at most 64 KiB of
 * it may wait in the guest.
 *
 * <p><b>Interrupt.</b> To a terminal, the byte 0x03 sent to port 1 while a request runs is SIGINT
 * for its process group, 0x1C is SIGQUIT; {@code NONCE "\n"} on port 2 is SIGINT for a program with
 * input, even while port 1 is stopped. To a stream, {@code "i\n"} on port 2 is SIGINT, {@code
 * "q\n"} SIGQUIT. With no request running they do nothing. A program that ignores both runs on
 * until it ends.
 *
 * <p><b>Cost.</b> Where a KVM host interprets ring 0 a byte on a serial line costs tens of
 * microseconds, a system call 0.2 ms and a fork 100 ms and more. Hence one read for a whole request
 * line, short markers, a subshell forked before its request comes, and shell built-ins run in that
 * subshell.
 */
@org.jspecify.annotations.NullMarked
package io.vivarium.images.agent;
