package io.vivarium.cli;

import io.vivarium.client.Json;
import io.vivarium.client.JsonException;
import io.vivarium.client.JsonObject;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VmInfo;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "inspect",
    description =
        "Tell all about a VM, in JSON: spec, state, snapshots, and the engine's counters.")
final class InspectCommand extends JsonVerb {
  @Parameters(paramLabel = "NAME")
  String name = "";

  InspectCommand(Session session) {
    super(session);
  }

  @Override
  public Integer call() throws VivariumException {
    VmInfo vm = vivarium().inspect(name);
    JsonObject shape = Shapes.vm(vm);
    shape.put("snapshots", vivarium().snapshots(name).stream().map(Shapes::snapshot).toList());
    if (vm.enginePid() != 0) {
      shape.put("engine", engine());
    }
    session.json(shape);
    return 0;
  }

  private JsonObject engine() {
    try {
      return Json.parse(vivarium().inspectEngine(name));
    } catch (VivariumException | JsonException e) {
      return new JsonObject().put("error", e.getMessage());
    }
  }
}
