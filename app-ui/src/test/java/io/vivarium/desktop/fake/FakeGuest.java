package io.vivarium.desktop.fake;

import io.vivarium.client.ConsoleConnection;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A shell on a serial line as far as the desktop's tests need one: it echoes, keeps variables, and
 * knows {@code echo} and {@code NAME=VALUE}. Its state can be copied, for snapshots.
 */
final class FakeGuest {
  private static final String PROMPT = "\u001b[1;32m~ #\u001b[0m ";

  private final List<ConsoleConnection.Listener> listeners = new CopyOnWriteArrayList<>();
  private final ByteArrayOutputStream console = new ByteArrayOutputStream();
  private final StringBuilder line = new StringBuilder();
  private Map<String, String> variables = new LinkedHashMap<>();

  /** What a snapshot of a guest holds. */
  record Saved(Map<String, String> variables, String console) {}

  FakeGuest() {}

  synchronized void boot(String bootLog) {
    print(bootLog);
    print(PROMPT);
  }

  synchronized Saved save() {
    return new Saved(Map.copyOf(variables), text());
  }

  synchronized void load(Saved saved) {
    variables = new LinkedHashMap<>(saved.variables);
    console.reset();
    line.setLength(0);
    console.writeBytes(saved.console.getBytes(StandardCharsets.UTF_8));
  }

  synchronized String text() {
    return console.toString(StandardCharsets.UTF_8);
  }

  synchronized void connect(ConsoleConnection.Listener listener) {
    listener.output(console.toByteArray());
    listeners.add(listener);
  }

  void disconnect(ConsoleConnection.Listener listener) {
    listeners.remove(listener);
  }

  /** The engine ends. */
  void hangUp() {
    for (ConsoleConnection.Listener listener : listeners) {
      listener.closed();
    }
    listeners.clear();
  }

  synchronized void type(byte[] data) {
    for (int c : new String(data, StandardCharsets.UTF_8).codePoints().toArray()) {
      if (c == '\r' || c == '\n') {
        print("\r\n");
        run(line.toString().strip());
        line.setLength(0);
        print(PROMPT);
      } else if (c == 0x7f || c == '\b') {
        if (!line.isEmpty()) {
          line.setLength(line.length() - 1);
          print("\b \b");
        }
      } else {
        line.appendCodePoint(c);
        print(Character.toString(c));
      }
    }
  }

  private void run(String command) {
    if (command.startsWith("echo ")) {
      String text = command.substring(5);
      for (Map.Entry<String, String> variable : variables.entrySet()) {
        text = text.replace("$" + variable.getKey(), variable.getValue());
      }
      print(text.replaceAll("\\$[A-Za-z]+", "") + "\r\n");
    } else if (command.matches("[A-Za-z]+=.*")) {
      int equals = command.indexOf('=');
      variables.put(command.substring(0, equals), command.substring(equals + 1));
    } else if (!command.isEmpty()) {
      print("sh: " + command.replaceAll(" .*", "") + ": not found\r\n");
    }
  }

  synchronized void print(String text) {
    byte[] data = text.getBytes(StandardCharsets.UTF_8);
    console.writeBytes(data);
    for (ConsoleConnection.Listener listener : listeners) {
      listener.output(data);
    }
  }
}
