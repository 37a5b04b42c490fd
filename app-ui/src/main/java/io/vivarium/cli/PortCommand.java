package io.vivarium.cli;

import io.vivarium.client.JsonObject;
import io.vivarium.client.Ports;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmSpec.PortSpec;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "port",
    sortOptions = false,
    description = {
      "List a VM's published ports, or change them, also while it runs.",
      "  viv port web -p 8080:80",
      "  viv port web --remove 8080"
    })
final class PortCommand extends JsonVerb {
  @Parameters(paramLabel = "NAME")
  String name = "";

  @Option(
      names = {"-p", "--publish"},
      paramLabel = "[ADDR:]HOST:GUEST[/udp]",
      description = "Publish one more.")
  List<String> add = new ArrayList<>();

  @Option(
      names = "--remove",
      paramLabel = "HOST[/udp]",
      description = "Publish one less: the host's port number.")
  List<String> remove = new ArrayList<>();

  PortCommand(Session session) {
    super(session);
  }

  /** All of them, as they are typed. */
  static List<PortSpec> parse(List<String> typed) throws VivariumException {
    List<PortSpec> ports = new ArrayList<>();
    for (String one : typed) {
      ports.add(Ports.parse(one));
    }
    return ports;
  }

  @Override
  public Integer call() throws VivariumException {
    List<PortSpec> ports = new ArrayList<>(vivarium().inspect(name).spec().ports());
    if (!add.isEmpty() || !remove.isEmpty()) {
      for (String gone : remove) {
        if (!ports.removeIf(port -> isCalled(port, gone))) {
          throw new VivariumException(
              Kind.NOT_FOUND,
              "VM '" + name + "' publishes no port '" + gone + "'",
              "'viv port " + name + "' lists them.");
        }
      }
      ports.addAll(parse(add));
      ports = new ArrayList<>(vivarium().publish(name, ports).spec().ports());
    }
    if (json) {
      session.json(ports.stream().map(PortCommand::shape).toList());
    } else {
      Table table = new Table("HOST", "GUEST", "PROTOCOL");
      for (PortSpec port : ports) {
        table.row(
            port.hostAddress() + ":" + port.hostPort(),
            String.valueOf(port.guestPort()),
            port.protocol());
      }
      table.print(session.out());
    }
    return 0;
  }

  private static boolean isCalled(PortSpec port, String typed) {
    String bare = String.valueOf(port.hostPort());
    return typed.equals(port.protocol().equals("tcp") ? bare : bare + "/" + port.protocol())
        || typed.equals(Ports.text(port));
  }

  static JsonObject shape(PortSpec port) {
    return new JsonObject()
        .put("hostAddress", port.hostAddress())
        .put("hostPort", port.hostPort())
        .put("guestPort", port.guestPort())
        .put("protocol", port.protocol());
  }
}
