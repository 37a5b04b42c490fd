package io.vivarium.cli;

import io.vivarium.client.Progress;
import io.vivarium.client.Sizes;
import io.vivarium.client.VivariumException;
import io.vivarium.client.VmInfo;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "create",
    sortOptions = false,
    description = "Create a VM of an image, or of a kernel of your own, without starting it.")
final class CreateCommand extends JsonVerb {
  @Mixin NewVm vm = new NewVm();

  @Parameters(arity = "0..1", paramLabel = "IMAGE", description = "See 'viv image ls'.")
  @Nullable String image;

  CreateCommand(Session session) {
    super(session);
  }

  @Override
  public Integer call() throws VivariumException {
    VmInfo made = vivarium().create(vm.spec(session.host(), image, false), Progress.NONE);
    if (json) {
      session.json(Shapes.vm(made));
    } else {
      session
          .err()
          .println(
              "created with "
                  + Sizes.human(made.spec().memoryBytes())
                  + " of memory and "
                  + made.spec().cpus()
                  + (made.spec().cpus() == 1 ? " CPU" : " CPUs"));
      session.out().println(made.name());
    }
    return 0;
  }
}
