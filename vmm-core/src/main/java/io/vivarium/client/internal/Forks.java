package io.vivarium.client.internal;

import io.vivarium.client.ForkRequest;
import io.vivarium.client.JsonObject;
import io.vivarium.client.Progress;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.client.VmInfo;
import io.vivarium.library.Library;
import io.vivarium.library.MachineFolder;
import java.util.List;

/** Live copies of VMs. */
public final class Forks {
  private final Library library;
  private final EngineVms engines;

  public Forks(Library library, EngineVms engines) {
    this.library = library;
    this.engines = engines;
  }

  public List<VmInfo> fork(String name, ForkRequest request, Progress progress)
      throws VivariumException {
    library.find(name);
    throw new VivariumException(Kind.WRONG_STATE, "VM '" + name + "' cannot be forked yet", "");
  }

  /** Makes a disposable VM one that stays. */
  public VmInfo keep(String name) throws VivariumException {
    MachineFolder folder = library.find(name);
    if (engines.running(name)) {
      engines.call(name, "keep", new JsonObject());
    } else {
      library.whileStopped(
          name,
          "kept",
          (machine, spec) -> {
            Library.rewrite(machine, spec.as(spec.name(), false));
            return spec;
          });
    }
    return library.info(folder);
  }
}
