import io.carml.engine.rdf.RdfRmlMapper;
import io.carml.logicalsourceresolver.CsvResolver;
import io.carml.logicalsourceresolver.JsonPathResolver;
import io.carml.logicalsourceresolver.XPathResolver;
import io.carml.util.RmlMappingLoader;
import io.carml.vocab.Rdf;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.eclipse.rdf4j.rio.RDFFormat;
import org.eclipse.rdf4j.rio.Rio;

/** Maps documents one after another with CARML: Peer MAPPING FOLDER TARGETS DOCUMENT... */
public final class Peer {
  public static void main(String[] given) throws Exception {
    Path folder = Path.of(given[1]);
    Path targets = Path.of(given[2]);
    var maps = RmlMappingLoader.build().load(RDFFormat.TURTLE, Path.of(given[0]));
    var bean = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long before = bean.getProcessCpuTime();
    for (String each : List.of(given).subList(3, given.length)) {
      Path document = Path.of(each);
      Files.copy(document, folder.resolve("data/source.xml"), StandardCopyOption.REPLACE_EXISTING);
      var mapper = RdfRmlMapper.builder()
          .setLogicalSourceResolver(Rdf.Ql.Csv, CsvResolver::getInstance)
          .setLogicalSourceResolver(Rdf.Ql.JsonPath, JsonPathResolver::getInstance)
          .setLogicalSourceResolver(Rdf.Ql.XPath, XPathResolver::getInstance)
          .fileResolver(folder).triplesMaps(maps).build();
      var model = mapper.mapToModel();
      long now = bean.getProcessCpuTime();
      System.out.printf("%s %d %.2f%n", document.getFileName(), model.size(), (now - before) / 1e9);
      before = now;
      try (OutputStream out = Files.newOutputStream(targets.resolve(document.getFileName() + ".ttl"))) {
        Rio.write(model, out, RDFFormat.TURTLE);
      }
    }
  }
}
