package io.vivarium.client;

import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec.PortSpec;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Published ports as people type and read them: {@code [HOSTADDR:]HOST:GUEST[/udp]}. */
public final class Ports {
  /** Where published ports are bound unless told otherwise: nobody else reaches them there. */
  public static final String LOOPBACK = "127.0.0.1";

  private static final Pattern TYPED =
      Pattern.compile(
          "(?:(?<four>[0-9.]+):|\\[(?<six>[0-9a-fA-F:.]+)\\]:)?"
              + "(?<host>\\d{1,5}):(?<guest>\\d{1,5})(?:/(?<protocol>tcp|udp))?");

  private Ports() {}

  /**
   * Reads one, such as {@code 8080:80}, {@code 0.0.0.0:2222:22}, {@code [::1]:53:53/udp}.
   *
   * @throws VivariumException USAGE, when it is none
   */
  public static PortSpec parse(String typed) throws VivariumException {
    Matcher matcher = TYPED.matcher(typed.strip());
    if (!matcher.matches()) {
      throw new VivariumException(
          Kind.USAGE,
          "'" + typed + "' is not a port to publish",
          "Write the host's port and the guest's, as in 8080:80, 0.0.0.0:2222:22 or 53:53/udp.");
    }
    String four = matcher.group("four");
    String six = matcher.group("six");
    String protocol = matcher.group("protocol");
    PortSpec port =
        new PortSpec(
            four != null ? four : six != null ? six : LOOPBACK,
            Integer.parseInt(matcher.group("host")),
            Integer.parseInt(matcher.group("guest")),
            protocol == null ? "tcp" : protocol);
    String wrong = SpecRules.port(port);
    if (wrong != null) {
      throw new VivariumException(Kind.USAGE, wrong, "");
    }
    return port;
  }

  /** As it is typed, with the address left out where it is the usual one. */
  public static String text(PortSpec port) {
    String address = port.hostAddress();
    String before = address.equals(LOOPBACK) ? "" : address + ":";
    if (address.contains(":")) {
      before = "[" + address + "]:";
    }
    String after = port.protocol().equals("tcp") ? "" : "/" + port.protocol();
    return before + port.hostPort() + ":" + port.guestPort() + after;
  }
}
