/**
 * The engine: a process that runs one VM, and its API.
 *
 * <p>JSON-RPC 2.0 over the Unix socket {@code machines/NAME/run/engine.sock} (a link where the path
 * is longer than a socket's may be): one message a line, at most 1 MiB. Anyone may script it:
 *
 * <pre>
 * echo '{"jsonrpc":"2.0","id":1,"method":"info"}' | nc -U .../run/engine.sock
 * </pre>
 *
 * <p>Methods, with their parameters and results; without a result listed it is {@code {}}:
 *
 * <ul>
 *   <li>{@code info}: protocol (1), name, state, reason, pid, startedAt, snapshot, agentReady
 *   <li>{@code inspect}: the same and {@code counters}, by name: exits, assist; {@code network}:
 *       why the guest has none, or null; {@code devices}: statistics of disks and networks
 *   <li>{@code stats}: uptimeNanos, cpuNanos, memoryBytes, guestUsedBytes, residentBytes,
 *       diskReadBytes, diskWriteBytes, netReceiveBytes, netSendBytes
 *   <li>{@code subscribe}: from now on the event {@code state} {state, reason}
 *   <li>{@code pause}, {@code resume}
 *   <li>{@code stop} {timeoutMillis}: power button and agent; after the time, or at once with 0,
 *       the VM is ended. Answers when it has ended. Event {@code progress}
 *   <li>{@code agent.wait}: answers when the guest's agent is ready
 *   <li>{@code exec} {argv, input or false}: result {exitStatus}. Event {@code exec.output} {id,
 *       stream: "stdout" or "stderr", data: base64}. Closing the connection interrupts the command.
 *       With {@code input} the event {@code exec.room} {id, bytes} tells, again and again, how many
 *       more bytes of input may be sent
 *   <li>{@code exec.input} {id of the exec, data: base64}: no data is the input's end; may be sent
 *       without an id of its own
 *   <li>{@code console.attach}: from now on the event {@code console.output} {data: base64}, the
 *       first of which are the backlog, at most 256 KiB
 *   <li>{@code console.input} {data: base64}: may be sent without an id
 *   <li>{@code console.resize} {columns, rows}
 *   <li>{@code snapshot.take} {name or null, note, automatic}: result {id, name, pauseNanos}. Event
 *       {@code progress}
 *   <li>{@code snapshot.restore} {id}: an id or a name
 *   <li>{@code snapshot.switch} {id, name or null, note, automatic, end}: keeps what the VM is now
 *       under that name, then restores the other: both, or neither; one without memory, or {@code
 *       end}, ends the VM instead. Result and event as of {@code snapshot.take}
 *   <li>{@code fork} {names, disposable, snapshot or null, source or null}: copies of that name
 *       each, in this engine, of a snapshot of the VM {@code source}, or of this one as it is now;
 *       they run when the result {snapshot} comes. All or none
 *   <li>{@code keep}: the VM stays when it ends
 *   <li>{@code kill}: ends the VM as it is, where others are in this engine too. Result: {alone,
 *       pid}; when alone is true nothing was done, and the process is to be ended
 *   <li>{@code schedule.changed}: {@code schedule.json} is another, and followed from now on
 *   <li>{@code disk.grow} {place, sizeBytes}: the guest is told
 *   <li>{@code network.publish} {ports: [{hostAddress, hostPort, guestPort, protocol}]}: these
 *       instead of those before
 *   <li>{@code network.capture} {file or null}: packets into a pcap file, written anew
 * </ul>
 *
 * <p>The event {@code progress} is {id of the request, step, fraction or -1}. Errors carry JSON-RPC
 * 2.0's own codes, or -32000 with {@code data} {kind, cure}; kinds are those of {@link
 * io.vivarium.client.VivariumException.Kind}.
 */
@org.jspecify.annotations.NullMarked
package io.vivarium.engine;
