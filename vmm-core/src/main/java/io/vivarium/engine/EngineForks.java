package io.vivarium.engine;

import io.vivarium.client.VivariumException;
import io.vivarium.client.VivariumException.Kind;
import io.vivarium.library.Failures;
import io.vivarium.library.ForkFolders;
import io.vivarium.library.Home;
import io.vivarium.library.Library;
import io.vivarium.library.MachineFolder;
import io.vivarium.library.SnapshotStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Live copies of a VM, in this process. Each is a VM of its own, with its own folder, lock and
 * socket. Its memory is what a snapshot keeps, mapped and copied when written, so that all of them
 * share the host's memory for what they have not changed.
 */
final class EngineForks {
  /** Hears how many run already. */
  interface Count {
    void so(int running);
  }

  private static final int AT_ONCE = 4;

  private final Home home;
  private final MachineFactory factory;

  EngineForks(Home home, MachineFactory factory) {
    this.home = home;
    this.factory = factory;
  }

  /**
   * Makes them of a snapshot with memory, and lets them run: all or none.
   *
   * @param source whose snapshot it is; its engine need not run
   * @param names free ones
   */
  void fork(
      HostedVms vms,
      MachineFolder source,
      String snapshot,
      List<String> names,
      boolean disposable,
      Count progress)
      throws VivariumException {
    SnapshotStore store = new SnapshotStore(home, source);
    List<MachineFolder> folders = new ArrayList<>();
    List<HostedVm> begun = new ArrayList<>();
    boolean done = false;
    try {
      ForkFolders.Template template = ForkFolders.template(store, snapshot);
      Path at = store.folder(template.entry().id());
      int copies = vms.count() + names.size();
      try (MachineFactory.Saved saved =
          factory.open(source.name(), at.resolve("machine"), source.memory(), copies)) {
        for (String name : names) {
          folders.add(ForkFolders.make(home, store, template, name, disposable));
        }
        beginAll(folders, folder -> begin(vms, folder, saved, at), begun, progress);
      }
      begun.forEach(vms::live);
      done = true;
    } catch (IOException e) {
      throw Failures.explain("VM '" + source.name() + "' cannot be forked", e);
    } finally {
      if (!done) {
        begun.forEach(vm -> abandon(vms, vm));
        folders.forEach(this::erase);
      }
    }
  }

  /** How one of them comes up. */
  private interface Begin {
    HostedVm of(MachineFolder folder) throws VivariumException;
  }

  /** KVM makes its callers wait, so some come up at once; all have ended when this returns. */
  private static void beginAll(
      List<MachineFolder> folders, Begin begin, List<HostedVm> begun, Count progress)
      throws VivariumException {
    try (ExecutorService starters =
        Executors.newFixedThreadPool(
            AT_ONCE, Thread.ofPlatform().daemon().name("fork-", 0).factory())) {
      List<Future<?>> all = new ArrayList<>();
      for (MachineFolder folder : folders) {
        all.add(
            starters.submit(
                () -> {
                  HostedVm vm = begin.of(folder);
                  synchronized (begun) {
                    begun.add(vm);
                    progress.so(begun.size());
                  }
                  return vm;
                }));
      }
      try {
        for (Future<?> one : all) {
          one.get();
        }
      } catch (ExecutionException | InterruptedException e) {
        // Without interrupting those that are at it: that would close files under others.
        all.forEach(one -> one.cancel(false));
        if (e.getCause() instanceof VivariumException cause) {
          throw cause;
        }
        throw new VivariumException(Kind.INTERNAL, "a copy did not come up: " + e, "", e);
      }
    }
  }

  private HostedVm begin(HostedVms vms, MachineFolder folder, MachineFactory.Saved saved, Path at)
      throws VivariumException {
    HostedVm vm = HostedVm.open(home, folder, factory);
    boolean done = false;
    try {
      vms.admit(vm);
      vm.listen(vms);
      vm.engine().restore(saved, at, vm.engine().spec(), folder.name());
      done = true;
      return vm;
    } finally {
      if (!done) {
        abandon(vms, vm);
      }
    }
  }

  private static void abandon(HostedVms vms, HostedVm vm) {
    vm.engine().end();
    vm.close();
    vms.leave(vm);
  }

  private void erase(MachineFolder folder) {
    try {
      Library.open(home).erase(folder);
    } catch (VivariumException | IOException e) {
      EngineLog.say("a fork that did not come up stays: " + e.getMessage());
    }
  }
}
